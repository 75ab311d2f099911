;;; open-network-stream-plain.el --- greetings, with and without a list  -*- lexical-binding: t -*-

;; Emacs's own open-network-stream, on these primitives: it reads greetings out of the buffer.

(defvar server
  (make-network-process :name "server" :server t :service t :host 'local :family 'ipv4 :noquery t
                        :sentinel (lambda (p e)
                                    (when (string-prefix-p "open" e)
                                      (process-send-string p "220-hello\r\n220 ready\r\n")))
                        :filter (lambda (p s) (process-send-string p (concat "250 " s)))))

(defun open-stream (buffer &rest parameters)
  (apply #'open-network-stream "stream" buffer "127.0.0.1" (port-of server) parameters))

(with-current-buffer (get-buffer-create "out")
  (let ((p (open-stream (current-buffer) :type 'plain)))
    (show p (process-status p) (process-query-on-exit-flag p) (buffer-string))
    (show (process-contact p t))
    (settle)
    (show (buffer-string) (marker-position (process-mark p)))
    (process-send-string p "more\r\n")
    (settle)
    (show (buffer-string))
    (delete-process p)
    (show (buffer-string))))

(dolist (parameters '((:end-of-command "\r\n") (:end-of-command "^220 .*\r\n") (:end-of-command "READY") () (:end-of-command "")))
  (let* ((opened (apply #'open-stream nil :type 'plain :return-list t parameters))
         (p (car opened)))
    (show opened (process-status p) (process-buffer p) (plist-get (process-contact p t) :buffer))
    (settle)
    (show (process-status p))
    (delete-process p)))

(let ((opened (open-stream (get-buffer-create "late") :type 'plain :return-list t :end-of-command "\r\n" :nowait t)))
  (show opened (process-status (car opened)))
  (settle)
  (show (process-status (car opened)) (with-current-buffer "late" (buffer-string))))

(let ((p (open-stream nil :coding 'latin-1-dos)))
  (show (process-coding-system p)))
(attempt (open-stream nil :type 'nonsense))
