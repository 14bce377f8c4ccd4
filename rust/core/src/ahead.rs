//! Hints of what is about to be read. They change when a value is there, never what it is.

#[cfg(target_arch = "x86_64")]
use pulp::core_arch::x86::Sse;
use std::ops::Range;

/// Bytes that come from memory together.
const LINE: usize = 64;

/// Ask for the start of an item; a place beyond the last is no fault.
#[inline(always)]
#[expect(clippy::inline_always, reason = "one instruction")]
pub fn ask<T>(values: &[T], item: usize) {
    ask_at(values.as_ptr().wrapping_add(item).cast());
}

/// Ask for some items that lie side by side.
#[inline(always)]
#[expect(clippy::inline_always, reason = "one instruction for each line")]
pub fn ask_range<T>(values: &[T], items: Range<usize>) {
    let start: *const i8 = values.as_ptr().wrapping_add(items.start).cast();
    let size = items.len() * size_of::<T>();
    for byte in (0..size + LINE).step_by(LINE) {
        ask_at(start.wrapping_add(byte));
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "one instruction")]
fn ask_at(place: *const i8) {
    // Into the nearest cache. Where the processor cannot be asked, nothing is lost but time.
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = Sse::try_new() {
        sse._mm_prefetch::<3>(place);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_place_may_be_asked_for() {
        let values = [1.0; 40];
        ask(&values, usize::MAX);
        ask(&values[..0], 7);
        ask_range(&values, 0..40);
        ask_range(&values, 39..39);
    }
}
