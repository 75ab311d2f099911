;; Look-up by name of hosts and services, and interfaces that have no IPv4.
(show (network-lookup-address-info "127.0.0.1") (network-lookup-address-info "::1"))
(attempt (network-lookup-address-info "127.0.0.1" 'local))
(show (network-interface-info "lo"))
(show (mapcar #'car (network-interface-list)))
(show (network-interface-list nil 'ipv4))
(show (network-interface-list t 'ipv6))
(show (format-network-address [1 2 3 4 5] nil) (format-network-address [1 2 3 4 -5]) (format-network-address [1 2 3 4 65536]) (format-network-address '(1 . 2)))
