// The text that `--help` prints. It fits a terminal of 80 columns; its examples run as they are.

/** The help text: what the command is for, keywords, switches, examples and exit statuses. */
export const help = `Usage: make-network-process :KEYWORD VALUE ... [--SWITCH ...]

Makes a network process, a client or with :server a server, on any kind of
socket that the system has. Standard input is sent to the peer, what the peer
sends is printed on standard output, and events are reported on standard error.

Values are written as in Emacs Lisp: t, nil, 5, ipv4, [127 0 0 1 80],
(16 . [0 0]), "a\\tb". A bare word stands for a string. Parentheses, double
quotes and blanks have to be quoted for the shell. The whole argument list may
also be one word: '(:type datagram :host "localhost" :service 514)'.

Address:
  :host NAME        a name or an address; without it, this host
  :service PORT     a port by number or name, t for any free one; with
                    :family local the path of the socket
  :family FAMILY    ipv4, ipv6, local, or a number; nil: whichever the host has
  :remote ADDRESS   instead of these three: [127 0 0 1 80],
                    [0 0 0 0 0 0 0 1 80], a path, "\\0name" (abstract), or
                    (FAMILY . [BYTE ...]), the sockaddr's data, for any family
  :local ADDRESS    the same for a server
  :adopt NUMBER     instead of all these: the number of an open socket's
                    descriptor; with :server t if it listens

How:
  :type TYPE        nil (a stream), datagram, seqpacket, raw
  :protocol NUMBER  the socket's protocol, instead of the usual one: 262 is
                    MPTCP, 132 SCTP, 136 UDP-Lite
  :server t         be a server; a number is the backlog of listen(2)
  :nowait t         connect in the background
  :coding CODING    a coding system for text, or (DECODING . ENCODING);
                    without it, bytes pass unchanged
  :proxy-protocol t read the header of a load balancer's PROXY protocol
  :half-open t      go on sending after the peer has ended
  :high-water-mark BYTES
                    how many may be queued for sending before reading pauses
  :tls-parameters LIST
                    speak TLS: (gnutls-x509pki :hostname "example.org")
  :use-external-socket t
                    take a socket that systemd or launchd has passed; a
                    string selects it by name
  :lend t           reuse one buffer for all received bytes
  :name, :plist, :stop and the manual's other keywords

Options of the socket:
  :reuseaddr t  :reuseport t  :keepalive t  :nodelay t  :broadcast t
  :dontroute t  :oobinline t  :linger SECONDS  :priority NUMBER
  :bindtodevice INTERFACE
  :passcred t       (Linux) messages bring credentials; a local datagram client
                    gets a name, so that it can be answered
  :sockopts [[LEVEL NAME VALUE] ...]
                    any other options, by the system's numbers

Switches:
  --echo            a server sends each message back, and does not read
                    standard input
  --once            all of standard input is one message
  --raw             each read of standard input is one message; packets are
                    printed without a newline
  --hex             print hexadecimal dumps
  --json            print each message as a line of JSON: time, process,
                    address, data
  --wait SECONDS    end a datagram client this long after the end of input and
                    the last answer (0.5)
  -q, --quiet       report only errors
  -h, --help        print this
  --version         print the version

Each line of standard input is a message. On a stream it keeps its newline; a
packet is sent without it, and printed with it. At the end of input a client
shuts down its side and waits for the peer to end. A server waits for a client,
sends standard input to all its clients (a datagram server: to the last
sender), and runs until Ctrl-C; then it removes its socket file.

In JSON a byte that is not UTF-8 is a lone surrogate from \\udc80 to \\udcff.
With :coding binary all data is base64 instead.

Exit status: 0 if the peer ended, everything was sent, or nobody reads the
output any more; 1 if the connection failed or broke, 2 for a wrong command
line, 129 after SIGHUP, 130 after Ctrl-C, 143 after SIGTERM.

Examples:
  An echo server for sequenced packets; in another terminal, its client:
    make-network-process :type seqpacket :server t :family local \\
      :service /tmp/echo.sock --echo
    seq 3 | make-network-process :type seqpacket :family local \\
      :service /tmp/echo.sock

  Print UDP messages as JSON; in another terminal, send one:
    make-network-process :type datagram :server t :service 7007 --json
    echo hello | make-network-process :type datagram :service 7007

  A TCP server: clients' lines to the terminal, typed lines to all clients:
    make-network-process :server t :host 0.0.0.0 :service 7000

  Fetch a web page:
    printf 'GET / HTTP/1.0\\r\\n\\r\\n' |
      make-network-process :host example.org :service http

  List the network interfaces of the Linux kernel by netlink (family 16):
    printf '\\24\\0\\0\\0\\22\\0\\1\\3\\1\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0' |
      make-network-process :type datagram --once --hex \\
        :remote '(16 . [0 0 0 0 0 0 0 0 0 0])'
`
