// Parts of a Markdown page that are written by a program, between comments that readers do not see. The rest of the page is
// left as it is.

/**
 * The page with `parts` by name in their places: `<!-- bench:NAME -->` to `<!-- /bench:NAME -->`. Every place is filled, and
 * every part has one; otherwise it throws.
 */
export function fillMarkers(page, parts) {
  const filled = new Set()
  const result = page.replace(/<!-- bench:(\S+) -->\n[^]*?<!-- \/bench:\1 -->/g, (_, name) => {
    if (!(name in parts)) throw new Error(`nobody knows what belongs between bench:${name}`)
    filled.add(name)
    return `<!-- bench:${name} -->\n${parts[name]}\n<!-- /bench:${name} -->`
  })
  const unfilled = Object.keys(parts).filter(name => !filled.has(name))
  if (unfilled.length > 0) throw new Error(`no place is marked for ${unfilled.join(', ')}`)
  return result
}
