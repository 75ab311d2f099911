;;; open-network-stream-capabilities.el --- a conversation before the process is given  -*- lexical-binding: t -*-

;; Behaves like an Emacs without TLS, which does not ask how a connection is encrypted.
(advice-add 'gnutls-available-p :override #'ignore)

(defvar heard nil)
(defvar server
  (make-network-process :name "server" :server t :service t :host 'local :family 'ipv4 :noquery t
                        :sentinel (lambda (p e)
                                    (when (string-prefix-p "open" e)
                                      (process-send-string p "220 me\r\n")))
                        :filter (lambda (p s)
                                  (push s heard)
                                  (dolist (piece '("250-SI" "ZE 10\r\n250-STARTT" "LS\r" "\n250 HELP\r\n"))
                                    (process-send-string p piece)))))

(defun open-stream (&rest parameters)
  (setq heard nil)
  (with-current-buffer (get-buffer-create "conversation")
    (erase-buffer)
    (let* ((opened (apply #'open-network-stream "stream" (current-buffer) "127.0.0.1" (port-of server)
                          :end-of-command "\r\n" :end-of-capability "^250 .*\r\n" parameters))
           (p (if (consp opened) (car opened) opened)))
      (show opened (process-status p) heard (buffer-string))
      (delete-process p)
      (show (buffer-string)))))

;; On a plain connection capabilities are asked for only with :always-query-capabilities, and only for a list.
(open-stream :type 'plain :return-list t :capability-command "EHLO x\r\n")
(open-stream :type 'plain :return-list t :capability-command "EHLO x\r\n" :always-query-capabilities t)
(open-stream :type 'plain :return-list t :always-query-capabilities t
             :capability-command (lambda (greeting) (show 'greeting greeting) "EHLO y\r\n"))
(open-stream :type 'plain :return-list t :always-query-capabilities t
             :capability-command (lambda (_) nil))
(open-stream :type 'plain :return-list t :always-query-capabilities t :nogreeting t
             :capability-command (lambda (greeting) (show 'greeting greeting) "EHLO z\r\n"))
;; The offer of STARTTLS is looked at, and is not accepted.
(dolist (type '(plain network nil))
  (open-stream :type type :return-list t :always-query-capabilities t :capability-command "EHLO x\r\n"
               :success "^220" :starttls-function (lambda (c) (show 'offered c) "STARTTLS\r\n")))
(open-stream :capability-command "EHLO x\r\n" :success "^220" :starttls-function (lambda (c) (show 'offered c)))
(open-stream :return-list t :capability-command "EHLO x\r\n" :success "^220")
