//! A phone with an app for one-time codes: it reads the picture from the screen.

use rqrr::PreparedImage;
use totp_rs::Totp;
use vestibule::model::{Clock, TotpSecret};

pub struct Phone {
    totp: Totp,
    /// The step of the last code; each code is good once.
    last_step: u64,
}

impl Phone {
    /// Points the camera at a picture (PNG) of the screen.
    pub fn that_reads(picture: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info().expect("a picture");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("a picture");
        let (width, height, samples) = (info.width as usize, info.height as usize, info.color_type.samples());

        let light = |x: usize, y: usize| pixels[y * info.line_size + x * samples];
        let mut picture = PreparedImage::prepare_from_greyscale(width, height, light);
        let codes = picture.detect_grids();
        assert_eq!(codes.len(), 1, "one QR code on the screen");
        let (_, address) = codes[0].decode().expect("a QR code that can be read");
        Self { totp: Totp::from_url(address).expect("an address of a TOTP"), last_step: 0 }
    }

    /// The code of the present moment, or the next if that one was used.
    pub fn code(&mut self) -> String {
        let seconds = Clock::system().now().millis().unsigned_abs() / 1_000;
        let step = TotpSecret::STEP.unsigned_abs();
        self.last_step = (seconds / step).max(self.last_step + 1);
        self.totp.generate(self.last_step * step).to_string()
    }
}
