#!/bin/sh
# Debian's configuration with the plant's key and a log of its own.
sed -e 's|^certificate=.*|certificate=/run/plant/certificate.pem|' -e 's|^key_file=.*|key_file=/run/plant/key.pem|' \
    -e 's|^LogFile=.*|LogFile=/run/plant/xrdp.log|' /etc/xrdp/xrdp.ini >/run/plant/xrdp.ini
exec xrdp --nodaemon -c /run/plant/xrdp.ini
