// Replaces the parts of a Markdown page that a program writes, which stand between comments that readers do not see. The
// rest of the page is left as it is.

/**
 * The page with `parts` filled in by name, from `<!-- bench:NAME -->` to `<!-- /bench:NAME -->`. Throws if a place has no
 * part, or a part no place.
 */
export function fillMarkers(page, parts) {
  const filled = new Set()
  const result = page.replace(/<!-- bench:(\S+) -->\n[^]*?<!-- \/bench:\1 -->/g, (_, name) => {
    if (!(name in parts)) throw new Error(`no content is given for the marker bench:${name}`)
    filled.add(name)
    return `<!-- bench:${name} -->\n${parts[name]}\n<!-- /bench:${name} -->`
  })
  const unfilled = Object.keys(parts).filter(name => !filled.has(name))
  if (unfilled.length > 0) throw new Error(`no place is marked for ${unfilled.join(', ')}`)
  return result
}
