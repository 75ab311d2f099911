// What all keywords take from Lisp: nil, and the form of their names. What a keyword means is decided in higher layers.

/** What Lisp calls nil: as the value of a keyword, it stands for its absence. */
export type Nil = null | false | undefined

/** Whether a value is what Lisp calls nil. */
export function isNil(value: unknown): value is Nil {
  return value === undefined || value === null || value === false
}

/** A Lisp name in camel case, without its colon: `halfOpen` for `:half-open`, or `half-open`. */
export const camel = (key: string): string =>
  key.replace(/^:/, '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
const kebab = (name: string) => `:${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

/** A keyword's name in camel case: `halfOpen` for `:half-open`. One that does not convert back keeps its own name. */
export function keywordName(key: string): string {
  if (!key.startsWith(':')) return key
  const name = camel(key)
  return kebab(name) === key ? name : key
}

/** A keyword's name in Lisp: `:half-open`. */
export function keyword(name: string): string {
  return name.startsWith(':') ? name : kebab(name)
}
