"""What the command line, the demonstration and its report must hold: `validate.py face`.

The page is judged by html5lib, by the rules of tests/page_rules.py, and in a headless Chromium (Debian: chromium) by
axe-core and by what the browser would have asked the network for. Screenshots at two widths are left in build/face.
"""

import importlib.util
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
Say = Callable[[str, str, str, bool], None]
KEPT = ROOT / "build" / "face"
WIDTHS = (1280, 420)
_AXE = """<script>%s</script><script>
axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(found => {
  const out = document.createElement("script"); out.type = "application/json"; out.id = "axe";
  out.textContent = JSON.stringify({violations: found.violations.map(v => [v.id, v.nodes.length, v.help]),
    passes: found.passes.length, incomplete: found.incomplete.map(v => v.id)});
  document.body.appendChild(out); });
</script></body>"""


def best(command: list[str]) -> tuple[float, str]:
    """Least processor time of five runs [s], which is what an idle core takes, and what the clock said."""
    found = []
    for _ in range(5):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        _ = subprocess.run(command, check=True, capture_output=True)
        clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock))
    taken, clock = min(found)
    return taken, f"{taken:.2f} s of processor, {clock:.2f} s by the clock, with the interpreter"


def start(say: Say) -> None:
    """Time of an import and of the help."""
    taken, said = best([sys.executable, "-c", "import amsdipole"])
    say("face, import amsdipole", "below 0.3 s", said, taken < 0.3)
    taken, said = best([sys.executable, "-m", "amsdipole", "--help"])
    say("face, amsdipole --help", "below 0.6 s", said, taken < 0.6)


def demo(say: Say) -> None:
    """Run the whole demonstration: its time, its memory and its tables beside the talk's."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        document, spent, used_mb = _demo(Path(folder) / "demo")
        shutil.copy(Path(folder) / "demo" / "report.html", KEPT / "report.html")
    say(
        "face, demo of nine years, both charges, all studies", "below 300 s", f"{spent:.0f} s by the clock", spent < 300
    )
    say("face, memory of the demo", "below 2000 MB", f"{used_mb:.0f} MB", used_mb < 2000)
    # Near is within a tenth: exposure, efficiency and purity cost some per cent each over sqrt(3 / N).
    for species, sigma, limit in (("electrons", 0.11, 0.30), ("positrons", 0.41, 1.11)):
        first = document["results"][species]["ranges"][0]
        for name in ("ew", "ns", "fb"):
            got = 100 * first["error"][name]
            what = f"face, demo, {species}, sigma of rho_{name.upper()}"
            say(what, f"near {sigma} %", f"{got:.3f} %", abs(got / sigma - 1) < 0.1)
        for found, expected in zip(first["limits"], first["expected_limits"], strict=True):
            got = f"{100 * expected['median']:.3f} % expected, {100 * found['delta_ul']:.3f} % found"
            asked = f"expected near {limit} %" if found["method"] == "flat_delta" else "shown"
            near = abs(100 * expected["median"] / limit - 1) < 0.1
            say(f"face, demo, {species}, limit by {found['method']}", asked, got, near or asked == "shown")
        say(f"face, demo, {species}, isotropy", "p above 0.001", f"{first['p_value']:.3f}", first["p_value"] > 0.001)


def quick(say: Say) -> None:
    """Run the small demonstration with a dipole of five per cent."""
    with tempfile.TemporaryDirectory() as folder:
        document, spent, used_mb = _demo(Path(folder) / "demo", "--quick", "--inject", "0.05,0,0")
    say("face, demo --quick", "below 60 s", f"{spent:.0f} s by the clock, {used_mb:.0f} MB", spent < 60)
    for species, result in document["results"].items():
        first = result["ranges"][0]
        gap = {name: first["rho"][name] - (0.05 if name == "ew" else 0.0) for name in ("ew", "ns", "fb")}
        pull = max(abs(gap[name]) / first["error"][name] for name in gap)
        got = ", ".join(f"{100 * first['rho'][n]:+.2f} ± {100 * first['error'][n]:.2f}" for n in gap)
        asked = "(5, 0, 0) % within 3.5 errors a component"  # of six components one is beyond in 300 runs
        say(f"face, demo --inject 0.05,0,0, {species}, (EW, NS, FB) %", asked, got, pull < 3.5)


def _demo(folder: Path, *options: str) -> tuple[dict[str, Any], float, float]:
    command = [sys.executable, "-m", "amsdipole", "demo", "--folder", str(folder), "--json", "--quiet", *options]
    start_s = time.monotonic()
    done = subprocess.run(command, check=True, capture_output=True)
    spent = time.monotonic() - start_s
    return json.loads(done.stdout), spent, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3


def page(say: Say) -> None:
    """Judge the report that `face_demo` left, or that of a small demonstration."""
    file = KEPT / "report.html"
    if not file.is_file():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            _ = _demo(Path(folder) / "demo", "--quick")
            shutil.copy(Path(folder) / "demo" / "report.html", file)
    html = file.read_text(encoding="utf-8")
    wrong = _rules()(html)
    what = "face, report, HTML by html5lib, language, headings, alt texts, tables, contrast"
    say(what, "no fault", "; ".join(wrong[:5]) or f"none in {len(html) / 1e6:.1f} MB", not wrong)
    browser = shutil.which("chromium")
    if browser is None:
        say("face, report in headless Chromium", "axe-core and no request", "chromium is absent", False)
        return
    found = _axe(browser, html)
    got = f"{found['violations'] or 'none'}; {found['passes']} rules passed, to be looked at: {found['incomplete']}"
    say("face, report, axe-core in headless Chromium", "no violation", got, not found["violations"])
    asked = _requests(browser, file)
    say("face, report, requests of the page when it opens", "none", f"{asked or 'none'}", not asked)
    for width in WIDTHS:
        target = KEPT / f"report_{width}.png"
        _ = _chromium(browser, f"--window-size={width},12000", f"--screenshot={target}", file.as_uri())
        say(f"face, report, screenshot at {width}", "made, to be looked at", str(target.relative_to(ROOT)), True)


def _rules() -> Callable[[str], list[str]]:
    spec = importlib.util.spec_from_file_location("page_rules", ROOT / "tests" / "page_rules.py")
    if spec is None or spec.loader is None:
        raise SystemExit("tests/page_rules.py: no such module")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    rules: Callable[[str], list[str]] = loaded.faults
    return rules


def _chromium(browser: str, *options: str) -> str:
    with tempfile.TemporaryDirectory() as profile:
        common = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
        return subprocess.run([browser, *common, *options], check=True, capture_output=True, text=True).stdout


def _axe(browser: str, html: str) -> dict[str, Any]:
    """Let axe-core look at the page: the same page, but for the policy that forbids scripts, and axe."""
    scripts = importlib.util.find_spec("axe_playwright_python")
    if scripts is None or scripts.origin is None:
        raise SystemExit("axe-playwright-python is not installed; make puts it there")
    axe = (Path(scripts.origin).parent / "axe.min.js").read_text(encoding="utf-8")
    bare = re.sub(r"<meta http-equiv='Content-Security-Policy'[^>]*>", "", html)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(bare.replace("</body>", _AXE.replace("%s", axe)), encoding="utf-8")
        dom = _chromium(browser, "--virtual-time-budget=120000", "--dump-dom", file.as_uri())
    answer = re.search(r'<script type="application/json" id="axe">(.*?)</script>', dom, re.S)
    if answer is None:
        raise SystemExit("axe-core did not answer")
    found: dict[str, Any] = json.loads(answer[1])
    return found


def _requests(browser: str, file: Path) -> list[str]:
    """Requests for http that the page set off; those of the browser itself have no page as their initiator."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "net.json"
        # What the log holds is no test without one request that it must hold.
        probe = Path(folder) / "probe.html"
        probe.write_text('<!DOCTYPE html><img alt="" src="http://page.invalid/probe.png">', encoding="utf-8")
        seen = []
        for target in (probe, file):
            _ = _chromium(browser, f"--log-net-log={log}", "--virtual-time-budget=5000", "--dump-dom", target.as_uri())
            seen.append(_of_pages(log))
    if not any("page.invalid" in url for url in seen[0]):
        raise SystemExit("the browser's log does not show a request that a page makes")
    return seen[1]


def _of_pages(log: Path) -> list[str]:
    """Addresses of http that pages asked for, from a log of the browser, an event a line."""
    out = []
    for line in log.read_text(encoding="utf-8").splitlines():
        found = json.loads(line.rstrip(",")).get("params", {}) if '"initiator"' in line else {}
        if found.get("initiator") != "not an origin" and str(found.get("url")).startswith("http"):
            out.append(str(found["url"]))
    return out


VALIDATIONS = {"face_start": start, "face_demo": demo, "face_quick": quick, "face_page": page}
