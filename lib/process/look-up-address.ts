// Looking up the addresses of a host.
import { decodeAddress, type Address } from '../socket/address.js'
import { constants } from '../socket/constants.js'
import { typeError, valueError } from '../socket/errors.js'
import { getaddrinfo } from '../socket/look-up.js'
import { debuglog } from 'node:util'
import { inetFamily } from './interfaces.js'

const debug = debuglog('make-network-process')

/**
 * The addresses of a host, with port 0. Blocks. Corresponds to `network-lookup-address-info`.
 *
 * @param family - `'ipv4'` or `'ipv6'` only
 * @returns undefined if there are none
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 * @example networkLookupAddressInfo('localhost', 'ipv4') // [[127, 0, 0, 1, 0]]
 */
export function networkLookupAddressInfo(
  name: string,
  family?: 'ipv4' | 'ipv6' | null,
): Address[] | undefined {
  if (typeof name !== 'string') throw typeError('name', 'the name of a host', name)
  if (/[^\0-\x7f]/.test(name)) throw valueError('name', 'ASCII; a name that is not needs domainToASCII', name)
  const wanted = inetFamily(family, 'Unsupported lookup type')
  try {
    // With a type, because otherwise each address comes once for every type.
    const found = getaddrinfo({ host: name, family: wanted, type: constants.SOCK_DGRAM })
    return found.map(({ address }) => decodeAddress(address))
  } catch (error) {
    debug('%s/0 %s', name, (error as { reason?: string }).reason)
    return undefined
  }
}
