// Statistics of measurements. A result has, for each subject, one sample per repeat, or null where it failed. Two subjects
// are compared within a repeat, because the machine is not equally fast throughout.

/** The median; undefined if there are no values. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? sorted[middle]
    : sorted.length === 0
      ? undefined
      : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median of `value` over the samples that did not fail. */
export const medianOf = (samples, value) => median(samples.filter(Boolean).map(value))

/**
 * The ratio of `ours` to the best of `theirs`, as the median over the repeats in which both were measured. Of `value`,
 * more is better.
 */
export function pairedRatio(ours, theirs, value) {
  const ratios = []
  ours.forEach((sample, repeat) => {
    const others = theirs.map(samples => samples[repeat]).filter(Boolean)
    if (sample && others.length > 0) ratios.push(value(sample) / Math.max(...others.map(value)))
  })
  return median(ratios)
}

/** The order of a repeat: rotated, so that every subject takes every place. */
export const rotated = (items, repeat) => items.map((_, i) => items[(i + repeat) % items.length])
