;; Unknown keywords stay in the contact, and so do options that are nil.
(let* ((srv (make-network-process :name "srv" :server t :host 'local :service t :family 'ipv4 :some-thing 12 :other "x" :keepalive nil :reuseaddr nil :name "second"))
       (cli (make-network-process :name "cli" :host "127.0.0.1" :service (port-of srv) :linger nil :filter nil :sentinel nil :nowait nil :coding nil :plist nil :stop nil)))
  (show (process-contact srv :some-thing) (process-contact srv :other) (process-contact srv :keepalive) (process-name srv))
  (show (process-contact cli t)))
