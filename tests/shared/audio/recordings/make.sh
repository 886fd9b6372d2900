#!/bin/sh
# How the recordings here were made, with ffmpeg 5.1, lame 3.100, vorbis-tools 1.4 and opus-tools 0.2. What the tests
# expect of them comes from mpg123 1.31, oggdec, opusdec, flac and, for joined files, from their parts.
set -e
tone() { ffmpeg -loglevel error -y -f lavfi -i "aevalsrc='$1':s=$2:d=$3" -c:a pcm_s16le "$4"; }
rising="0.5*sin(2*PI*(200+300*t)*t)*(0.3+0.7*gt(mod(t\,0.5)\,0.25))"
tone "$rising+0.2*(random(0)-0.5)*gt(t\,0.5)" 22050 2.5 rising.wav
tone "gt(t\,1.25)*($rising)" 22050 2.5 late.wav
tone "0.4*sin(2*PI*500*t)" 22050 1 short.wav
tone "0.25*sin(2*PI*700*t)" 16000 0.75 other.wav

lame --quiet -t -V9 rising.wav without_header.mp3       # -t: no information frame, and the bitrate varies
lame --quiet -t -V9 late.wav quiet_start.mp3
ffmpeg -loglevel error -y -i rising.wav -b:a 24k -map_metadata -1 -id3v2_version 0 a.mp3
ffmpeg -loglevel error -y -i short.wav -b:a 24k -map_metadata -1 -id3v2_version 3 b.mp3
cat a.mp3 b.mp3 > joined.mp3
oggenc -Q -q -1 --serial 1 rising.wav -o a.ogg
oggenc -Q -q -1 --serial 2 short.wav -o b.ogg
oggenc -Q -q -1 --serial 3 other.wav -o c.ogg
cat a.ogg b.ogg > chained.ogg
cat a.ogg c.ogg > chained_rates.ogg
opusenc --quiet --bitrate 8 --serial 1 rising.wav a.opus
opusenc --quiet --bitrate 8 --serial 2 short.wav b.opus
cat a.opus b.opus > chained.opus
ffmpeg -loglevel error -i short.wav -f flac - | cat > piped.flac
rm -f rising.wav late.wav short.wav other.wav [abc].mp3 [abc].ogg [abc].opus
