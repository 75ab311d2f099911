;;; open-network-stream-failures.el --- servers that close, or do not exist  -*- lexical-binding: t -*-

(defun server-that (greet)
  (make-network-process :name "server" :server t :service t :host 'local :family 'ipv4 :noquery t
                        :sentinel (lambda (p e) (when (string-prefix-p "open" e) (funcall greet p)))))

(defun open-stream (server &rest parameters)
  (apply #'open-network-stream "stream" (get-buffer-create "out") "127.0.0.1" (port-of server)
         :end-of-command "\r\n" :type 'plain :return-list t parameters))

(dolist (greet (list #'delete-process
                     (lambda (p) (process-send-string p "220 rea") (delete-process p))
                     (lambda (p) (process-send-string p "220 rea") (process-send-eof p))))
  (with-current-buffer (get-buffer-create "out") (erase-buffer))
  (let ((opened (open-stream (server-that greet))))
    (show opened (process-status (car opened)) (process-exit-status (car opened)))
    (settle)
    (show (with-current-buffer "out" (buffer-string))))
  ;; The server cannot be asked any more.
  (attempt (open-stream (server-that greet) :always-query-capabilities t :capability-command "CAPA\r\n")))

(let ((server (server-that #'ignore)) port)
  (setq port (port-of server))
  (delete-process server)
  (dolist (type '(plain nil))
    (attempt (open-network-stream "stream" nil "127.0.0.1" port :type type)))
  (attempt (open-network-stream "stream" nil "127.0.0.1" port :type 'plain :return-list t :end-of-command "\r\n"))
  (show (seq-filter (lambda (p) (string-prefix-p "stream" (process-name p)))
                    (seq-filter #'process-live-p (process-list)))))
