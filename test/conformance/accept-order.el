;; Several clients that send before they are accepted, and the order in which their data arrives.
(let* ((srv (make-network-process :name "srv" :server 20 :family 'local :service (tmp "s") :filter (lambda (p s) (show 'in (process-name p) s) (process-send-string p (upcase s)))
                                  :sentinel (lambda (p e) (show 'event (process-name p) e)) :log (lambda (_s c m) (show 'log (process-name c) m))))
       (clients (cl-loop for i below 4 collect (make-network-process :name "cli" :family 'local :service (tmp "s") :filter (shows 'back) :sentinel (shows 'cli)))))
  (cl-loop for c in clients for i from 1 do (process-send-string c (number-to-string i)))
  (settle)
  (mapc #'process-send-eof clients)
  (settle)
  (show (process-list)))
