#!/bin/sh
# Lays out the file system that all images of the control plane share.
#   root.sh PROGRAMS ROOT
set -eu
programs=$1 root=$2

mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/usr/local/bin" "$root/etc/ssl" "$root/run" "$root/var" "$root/root"
mkdir -m 1777 "$root/tmp"
for directory in bin sbin lib lib64; do ln -s "usr/$directory" "$root/$directory"; done

# The programs, under the paths and names that kubeadm's manifests and the add-ons call.
install -m 755 "$programs/kube" "$programs/etcd" "$programs/local-path-provisioner" "$root/usr/local/bin/"
install -m 755 "$programs/coredns" "$programs/pause" "$root/"
for program in kube-apiserver kube-controller-manager kube-proxy kube-scheduler kubectl; do ln -s kube "$root/usr/local/bin/$program"; done

# A shell, for the storage helper and for `kubectl exec`.
install -m 755 /bin/busybox "$root/usr/bin/busybox"
for applet in $(busybox --list); do [ -e "$root/usr/bin/$applet" ] || ln -s busybox "$root/usr/bin/$applet"; done

# kube-proxy writes iptables rules with any of the extensions, so all of them come, with every library that one of them needs.
extensions=$(dirname "$(find /usr/lib -path '*/xtables/libxt_statistic.so')")
mkdir -p "$root$extensions"
cp "$extensions"/*.so "$root$extensions/"
cp /usr/sbin/xtables-nft-multi /usr/sbin/nft /usr/sbin/conntrack "$root/usr/sbin/"
for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do ln -s xtables-nft-multi "$root/usr/sbin/$name"; done
for file in /bin/busybox "$root"/usr/sbin/xtables-nft-multi "$root"/usr/sbin/nft "$root"/usr/sbin/conntrack "$extensions"/*.so; do
  ldd "$file" | grep -oE '/[^ ]+\.so[^ ]*'
done | sort -u | while read -r library; do
  target=$root$(readlink -f "$(dirname "$library")")
  mkdir -p "$target"
  cp -L "$library" "$target/"
done

cp -rL /etc/ssl/certs "$root/etc/ssl/certs"
echo 'root:x:0:0:root:/root:/bin/sh' > "$root/etc/passwd"
echo 'root:x:0:' > "$root/etc/group"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
