//! MP4 by the program ffmpeg, which is given raw frames. The lab is a box of its own behind the film (ISO 14496-12, `uuid`), which
//! players pass over.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use super::{AnimationError, Frame};
use crate::export::{atomic, lab_within};

/// Names our box.
const BOX: [u8; 16] = *b"rectiflow-lab-v1";

/// A film that is being made.
pub struct Mp4File {
    child: Child,
    complaints: Option<JoinHandle<String>>,
    part: PathBuf,
    out: PathBuf,
}

fn said(why: impl std::fmt::Display) -> AnimationError {
    AnimationError::Said(format!("the MP4 could not be made: {why}"))
}

/// Whether there is an ffmpeg to make films with.
pub fn has_ffmpeg() -> bool {
    let mut ask = Command::new("ffmpeg");
    ask.arg("-version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    ask.status().is_ok_and(|status| status.success())
}

impl Mp4File {
    /// Starts ffmpeg on frames of this size.
    pub fn begin(size: [u32; 2], fps: f64, out: &Path) -> Result<Self, AnimationError> {
        // beside the film, so that it can be renamed
        let part = out.with_extension(format!("part-{}.mp4", std::process::id()));
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg
            .args(["-hide_banner", "-loglevel", "error", "-y"])
            .args(["-f", "rawvideo", "-pix_fmt", "rgba"])
            .args(["-video_size", &format!("{}x{}", size[0], size[1])])
            .args(["-framerate", &format!("{fps}"), "-i", "-"])
            // its color format halves both sides: they must be even
            .args(["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white"])
            .args([
                "-c:v", "libx264", "-preset", "medium", "-crf", "16", "-pix_fmt", "yuv420p",
            ])
            // nothing of the clock or the version in the file: the same film, the same bytes
            .args(["-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1"])
            .args(["-movflags", "+faststart"])
            .arg(&part);
        ffmpeg
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = ffmpeg.spawn().map_err(|e| {
            said(format!(
                "the program ffmpeg cannot be started ({e}); install it, or give --out a name in .gif, .apng or -%04d.png"
            ))
        })?;
        // read beside, or a talkative ffmpeg would wait for us and we for it
        let complaints = child.stderr.take().map(|mut pipe| {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                // what cannot be read is not told
                let _ = pipe.read_to_end(&mut text);
                String::from_utf8_lossy(&text).into_owned()
            })
        });
        Ok(Self {
            child,
            complaints,
            part,
            out: out.into(),
        })
    }

    /// Adds a frame.
    pub fn push(&mut self, frame: &Frame) -> Result<(), AnimationError> {
        let Some(pipe) = &mut self.child.stdin else {
            return Ok(());
        };
        if pipe.write_all(&frame.rgba).is_ok() {
            return Ok(());
        }
        let why = self.complaint();
        Err(said(why))
    }

    /// What ffmpeg says is wrong, once it has ended.
    fn complaint(&mut self) -> String {
        drop(self.child.stdin.take());
        // it is ending by itself
        let _ = self.child.wait();
        let text = self.complaints.take().and_then(|t| t.join().ok()).unwrap_or_default();
        let last = text
            .lines()
            .rev()
            .find(|l| !l.trim().is_empty())
            .unwrap_or("it ended early");
        format!(
            "ffmpeg says: {}; or give --out a name in .gif, .apng or -%04d.png",
            last.trim()
        )
    }

    /// Ends the film and puts it in its place.
    pub fn finish(mut self, lab: Option<&str>) -> Result<(), AnimationError> {
        drop(self.child.stdin.take());
        let status = self.child.wait().map_err(said)?;
        if !status.success() {
            let why = self.complaint();
            self.abandon();
            return Err(said(why));
        }
        let film = std::fs::read(&self.part).map_err(said);
        self.abandon();
        let mut film = film?;
        if let Some(lab) = lab {
            let code = lab_within::code(lab);
            film.extend((code.len() as u32 + 24).to_be_bytes());
            film.extend(b"uuid");
            film.extend(BOX);
            film.extend(code.as_bytes());
        }
        atomic::write(&self.out, &film).map_err(|e| AnimationError::Said(e.to_string()))
    }

    /// Stops ffmpeg and takes its file away.
    pub fn abandon(&mut self) {
        drop(self.child.stdin.take());
        // it may have ended, and may have written nothing
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.part);
    }
}
