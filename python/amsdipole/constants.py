"""Constants, each with its source on its line."""

from typing import Final

EARTH_RADIUS_KM: Final = 6371.2  # IGRF reference sphere (IAGA)
WGS84_A_KM: Final = 6378.137  # WGS 84 equatorial radius (NIMA TR8350.2)
WGS84_FLATTENING: Final = 1.0 / 298.257223563  # WGS 84 flattening (NIMA TR8350.2)
EARTH_ROTATION_RAD_S: Final = 7.292115855306589e-5  # d GMST82 / d UT1 at J2000 (Aoki et al. 1982, A&A 105, 359)
SPEED_OF_LIGHT_M_S: Final = 299_792_458.0  # SI definition
AMS_MOUNTING_DEG: Final = 12.0001  # AMS z axis from the ISS zenith towards port (method, section 3.1)
J2000_UNIX_S: Final = 946_728_000.0  # 2000-01-01 12:00:00 UTC as Unix time
SECONDS_PER_DAY: Final = 86_400.0  # Unix days have no leap seconds
PARSEC_M: Final = 3.0856775814913673e16  # IAU 2015 resolution B2: 648000 / pi astronomical units
JULIAN_YEAR_S: Final = 31_557_600.0  # 365.25 days, IAU
GEV_PER_ERG: Final = 624.150907446076  # 1e-7 J over 1.602176634e-10 J, SI definition of the electronvolt
