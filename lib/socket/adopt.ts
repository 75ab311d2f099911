// Taking over the descriptor of a socket that was made elsewhere.
import { native, type SocketId } from '../native.js'
import { check, errno, integer, systemError } from './errors.js'

/** Makes a socket of the table of a descriptor. @param name - what errors call the argument @internal */
export function adoptDescriptor(name: string, value: unknown): SocketId {
  const fd = integer(name, value, 0)
  const id = native.adopt(fd)
  if (-id !== errno.EEXIST) return check(id, 'fstat')
  const error = systemError(id, 'fstat')
  error.message += `: descriptor ${fd} belongs to a Socket or a process of this thread; detach() takes it from there`
  throw error
}
