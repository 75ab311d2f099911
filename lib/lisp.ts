// What of Lisp is in every keyword: nil, and names. What a keyword is for is decided above.

/** What Lisp calls nil: a keyword's value that stands for its absence. */
export type Nil = null | false | undefined

/** Whether a value is what Lisp calls nil. */
export function isNil(value: unknown): value is Nil {
  return value === undefined || value === null || value === false
}

/** A name as it is written here, without its colon: `halfOpen` for `:half-open`, or `half-open`. */
export const camel = (key: string): string =>
  key.replace(/^:/, '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
const kebab = (name: string) => `:${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

/** A keyword's name here: `halfOpen` for `:half-open`. One that has no such name keeps its own. */
export function keywordName(key: string): string {
  if (!key.startsWith(':')) return key
  const name = camel(key)
  return kebab(name) === key ? name : key
}

/** A keyword's name in Lisp: `:half-open`. */
export function keyword(name: string): string {
  return name.startsWith(':') ? name : kebab(name)
}
