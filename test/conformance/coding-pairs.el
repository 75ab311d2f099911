;; Decoding and encoding by name, as they are reported, and what goes over the wire.
(dolist (coding '(utf-8-unix latin-1-unix (utf-8-unix . latin-1-unix) binary no-conversion raw-text-unix utf-8-dos utf-8-mac us-ascii-unix
                  iso-8859-15-unix koi8-r-unix windows-1252-unix utf-16le-unix utf-8-with-signature-unix (nil . utf-8-unix) undecided utf-8 latin-1))
  (let* ((srv (make-network-process :name "srv" :server t :family 'local :service (tmp "s") :coding 'binary
                                    :filter (lambda (_p s) (show 'wire (append s nil)))))
         (cli (make-network-process :name "cli" :family 'local :service (tmp "s") :coding coding)))
    (settle 0.05)
    (show coding (process-coding-system cli))
    (process-send-string cli "a\u00e9\n") (settle 0.05)
    (show (process-coding-system cli))
    (mapc #'delete-process (process-list)) (delete-file (tmp "s"))))
