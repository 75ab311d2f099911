;; The end cuts off a character: a filter that waits when it gets what is left of that hears of the end.
(dolist (coding '(utf-8-unix utf-16le-unix))
  (let* ((srv (make-network-process :name "srv" :server t :family 'local :service (tmp (symbol-name coding))
                                    :log (lambda (_s c _m) (process-send-string c "abcd\303") (delete-process c))))
         (cli (make-network-process :name "cli" :family 'local :service (tmp (symbol-name coding)) :coding coding
                                    :filter (lambda (p s)
                                              (show 'in s (process-status p))
                                              (show (accept-process-output p 0.1) (process-status p)))
                                    :sentinel (shows 'event))))
    (settle)
    (show (process-status cli))
    (delete-process srv)))
