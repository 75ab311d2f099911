;; A sentinel takes all the time of the wait in which it is told: what is there by then is taken in before that ends.
(let* (kids
       (srv (make-network-process :name "srv" :server t :family 'local :service (tmp "s") :log (lambda (_s c _m) (push c kids))))
       (a (make-network-process :name "a" :family 'local :service (tmp "s")
                                :sentinel (lambda (_p e) (show 'a e) (accept-process-output (car kids) 0.3) (process-send-string (car kids) "late") (show 'told))))
       (b (progn (settle) (make-network-process :name "b" :family 'local :service (tmp "s") :filter (shows 'b)))))
  (settle)
  (delete-process (cadr kids))
  (show (accept-process-output nil 0.1) 'first)
  (show (accept-process-output nil 0.1) 'second)
  (settle))
