// Numbers from measurements. A result has, for each subject, one sample a repeat, or null where it failed; what two
// subjects are compared by is taken inside a repeat, for the machine is not equally fast throughout.

/** The middle one; of an even number the mean of the two in the middle; undefined of none. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? sorted[middle]
    : sorted.length === 0
      ? undefined
      : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median of `value` over the samples that there are. */
export const medianOf = (samples, value) => median(samples.filter(Boolean).map(value))

/**
 * How many times better `ours` is than the best of `theirs`, as the median over the repeats in which both were measured.
 * `value` is something of which more is better.
 */
export function pairedRatio(ours, theirs, value) {
  const ratios = []
  ours.forEach((sample, repeat) => {
    const others = theirs.map(samples => samples[repeat]).filter(Boolean)
    if (sample && others.length > 0) ratios.push(value(sample) / Math.max(...others.map(value)))
  })
  return median(ratios)
}

/** The order of a repeat: everybody is first, last and behind everybody else at some time. */
export const rotated = (items, repeat) => items.map((_, i) => items[(i + repeat) % items.length])
