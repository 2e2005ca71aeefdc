#!/bin/busybox sh
# What camera_vm.py runs as the first process of its virtual machine: the program before the kernel's test camera.
#
# Tells on the console what it does, for camera_vm.py to judge: "@ UPTIME WORDS", and files as "@file NAME", lines that
# begin with "|", "@end". Lines of standard error are stamped with the uptime at which they came.
/bin/busybox mkdir -p /proc /sys /dev /run
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
export PATH=/bin LD_LIBRARY_PATH=/lib
cd /run || exit

camera=/dev/video0
settings="--model /saccade-n.onnx --imgsz 160 --video-size 320x180 --framerate 10"

say() {
    read -r now _ < /proc/uptime
    echo "@ $now $*"
}

show() {
    for file; do
        echo "@file $file"
        sed 's/^/|/' "$file"
        echo "@end"
    done
}

stamp() {
    while IFS= read -r line; do
        read -r now _ < /proc/uptime
        echo "$now $line"
    done
}

plug() { insmod /modules/vivid.ko n_devs=1 node_types=0x1 num_inputs=1 input_types=0x0; }

control() { v4l2-ctl -d $camera -c "$1" || say "no control $1"; }

# track NAME OPTION...: begins a run before the camera.
track() {
    name=$1
    shift
    mkfifo "$name.pipe"
    : > "$name.events"
    stamp < "$name.pipe" >> "$name.events" &
    stamper=$!
    # shellcheck disable=SC2086
    saccade track $camera $settings --json --progress json --save-jsonl "$name.jsonl" "$@" \
        > "$name.json" 2> "$name.pipe" &
    program=$!
    say "started $name"
}

# awaits SECONDS COUNT TEXT: waits until the run has told of TEXT so often.
awaits() {
    turns=$(($1 * 10))
    while [ "$(grep -c "$3" "$name.events")" -lt "$2" ]; do
        turns=$((turns - 1))
        if [ $turns -lt 0 ] || ! kill -0 $program 2> /dev/null; then
            say "missed $name $3"
            return 1
        fi
        sleep 0.1
    done
}

# finish SECONDS: waits for the end of the run, and shows what it has left.
finish() {
    (sleep "$1"; kill -9 $program && say "hung $name") 2> /dev/null &
    guard=$!
    wait $program
    say "ended $name $?"
    kill $guard 2> /dev/null
    wait $stamper
    [ -e "$name.jsonl" ] || mv "$name.jsonl.part" "$name.jsonl" || : > "$name.jsonl"
    show "$name.events" "$name.json" "$name.jsonl"
}

# refused NAME ARGUMENT...: a run that is to fail at once, with a message.
refused() {
    name=$1
    shift
    timeout -s KILL 20 saccade track "$@" --model /saccade-n.onnx --imgsz 160 -t 2 --exit-on-source-loss --progress json \
        --save-jsonl "$name.jsonl" < /dev/null > "$name.message" 2>&1
    say "ended $name $?"
    show "$name.message"
}

while read -r module; do insmod "/modules/$module.ko"; done < /modules/order
plug
say "kernel $(uname -r)"

saccade sources > sources.text
saccade sources --json > sources.json
v4l2-ctl -d $camera --list-formats-ext > driver.text
v4l2-ctl -d $camera --list-ctrls > controls.text
show sources.text sources.json driver.text controls.text

# The device gives what it is asked for, and the frames add up.
track capture -t 4
finish 30

# In packed pixels, and in a size and at a rate that it does not have.
track nearest -t 2 --video-size 333x222 --framerate 11 --input-format yuyv422
finish 30

refused missing 7
refused nocamera /dev/null
refused nosuchformat $camera --input-format nosuch
refused mjpeg $camera --input-format mjpeg
v4l2-ctl -d $camera --stream-mmap > /dev/null 2>&1 &
other=$!
sleep 1
refused busy $camera
kill $other
wait $other 2> /dev/null

# Pulled out under a run that ends with it.
track loss --exit-on-source-loss
awaits 20 1 '"live"' && sleep 1
say "unplug loss"
control disconnect=1
finish 10
rmmod vivid
plug

# Pulled out and put in again under a run that goes on. Without the file that is kept open vivid would be back as soon
# as the run has closed it; its name goes away as udev would take it away.
track return
awaits 20 1 '"live"' && sleep 1
exec 9< $camera
say "unplug return"
control disconnect=1
awaits 5 2 '"reason"'
mv $camera /dev/gone
exec 9<&-
turns=20
until rmmod vivid 2> /dev/null; do
    turns=$((turns - 1))
    [ $turns -gt 0 ] || break
    sleep 0.1
done
[ $turns -gt 0 ] && say "removed return"
sleep 2
plug
say "plugged return"
awaits 10 2 '"live"' && sleep 1
say "stop return"
kill -TERM $program
finish 10

# A camera with faults, on a machine whose clock is set. Its own timestamps overflow after 16 seconds.
control wrap_timestamp=1
control wrap_sequence_number=1
track faults
awaits 20 1 '"live"' && sleep 1
say "drop faults"
control percentage_of_dropped_buffers=40
sleep 1
control percentage_of_dropped_buffers=0
say "damage faults"
for _ in 1 2 3; do control inject_v4l2_buf_flag_error=1; done
control inject_vidioc_qbuf_error=1
say "clock faults"
date -s "2038-01-19 03:14:00" > /dev/null
sleep 1
date -s "2001-01-01 00:00:00" > /dev/null
sleep 12
say "silence faults"
control percentage_of_dropped_buffers=100
awaits 10 1 '"stalled"'
control percentage_of_dropped_buffers=0
awaits 10 2 '"live"' && sleep 1
say "reopen faults"
control inject_vidioc_reqbufs_error=1
control inject_fatal_streaming_error=1
awaits 10 3 '"live"' && sleep 1
say "stop faults"
kill -TERM $program
finish 10
say done
poweroff -f
