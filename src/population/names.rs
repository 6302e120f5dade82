//! Names of people who never were: family names about as frequent as in Hong Kong, given names
//! as they are given, romanised as in Cantonese.

use super::chance::Dice;
use crate::kernel::person_name::{NotName, PersonName};
use crate::people::Sex;

/// A character or two, and how they are read.
pub type Read = (&'static str, &'static str);

/// Of ten thousand people.
const FAMILIES: &[(u32, Read)] = &[
    (1020, ("陳", "CHAN")),
    (720, ("黃", "WONG")),
    (640, ("李", "LEE")),
    (560, ("梁", "LEUNG")),
    (500, ("林", "LAM")),
    (460, ("張", "CHEUNG")),
    (420, ("吳", "NG")),
    (400, ("劉", "LAU")),
    (310, ("王", "WONG")),
    (300, ("鄭", "CHENG")),
    (290, ("何", "HO")),
    (280, ("楊", "YEUNG")),
    (260, ("蔡", "TSOI")),
    (250, ("郭", "KWOK")),
    (240, ("曾", "TSANG")),
    (230, ("羅", "LAW")),
    (220, ("葉", "YIP")),
    (200, ("鄧", "TANG")),
    (190, ("許", "HUI")),
    (180, ("馮", "FUNG")),
    (170, ("謝", "TSE")),
    (160, ("周", "CHOW")),
    (150, ("蘇", "SO")),
    (150, ("徐", "TSUI")),
    (140, ("朱", "CHU")),
    (130, ("余", "YU")),
    (120, ("胡", "WU")),
    (110, ("潘", "POON")),
    (110, ("麥", "MAK")),
    (100, ("盧", "LO")),
    (90, ("莫", "MOK")),
    (90, ("溫", "WAN")),
    (80, ("關", "KWAN")),
    (80, ("方", "FONG")),
    (70, ("杜", "TO")),
    (60, ("高", "KO")),
    (60, ("袁", "YUEN")),
    (50, ("石", "SHEK")),
    (40, ("簡", "KAN")),
    (40, ("伍", "NG")),
    (30, ("龐", "PONG")),
    (20, ("歐陽", "AU YEUNG")),
    (10, ("司徒", "SZETO")),
];

const WOMEN: &[Read] = &[
    ("美", "Mei"),
    ("麗", "Lai"),
    ("玉", "Yuk"),
    ("珍", "Chun"),
    ("芳", "Fong"),
    ("惠", "Wai"),
    ("嘉", "Ka"),
    ("詠", "Wing"),
    ("詩", "Sze"),
    ("雅", "Nga"),
    ("慧", "Wai"),
    ("敏", "Man"),
    ("靜", "Ching"),
    ("婷", "Ting"),
    ("欣", "Yan"),
    ("儀", "Yee"),
    ("琪", "Ki"),
    ("瑩", "Ying"),
    ("雪", "Suet"),
    ("秀", "Sau"),
    ("鳳", "Fung"),
    ("蓮", "Lin"),
    ("嫻", "Han"),
    ("潔", "Kit"),
    ("怡", "Yi"),
    ("彤", "Tung"),
    ("琳", "Lam"),
    ("妍", "Yin"),
    ("倩", "Sin"),
    ("穎", "Wing"),
];

const MEN: &[Read] = &[
    ("志", "Chi"),
    ("偉", "Wai"),
    ("國", "Kwok"),
    ("家", "Ka"),
    ("文", "Man"),
    ("明", "Ming"),
    ("強", "Keung"),
    ("輝", "Fai"),
    ("華", "Wah"),
    ("榮", "Wing"),
    ("德", "Tak"),
    ("永", "Wing"),
    ("俊", "Chun"),
    ("浩", "Ho"),
    ("子", "Tsz"),
    ("健", "Kin"),
    ("傑", "Kit"),
    ("豪", "Ho"),
    ("賢", "Yin"),
    ("杰", "Kit"),
    ("樂", "Lok"),
    ("朗", "Long"),
    ("軒", "Hin"),
    ("謙", "Him"),
    ("宏", "Wang"),
    ("峰", "Fung"),
    ("龍", "Lung"),
    ("生", "Sang"),
    ("成", "Shing"),
    ("基", "Kei"),
];

/// Of Extension B: many programs cannot write them.
const RARE: &[Read] = &[
    ("𤧥", "Yan"),
    ("𨧜", "Wai"),
    ("𣾀", "Kwai"),
    ("𠮷", "Kat"),
    ("𡧛", "Yuk"),
    ("𥇦", "Tung"),
];

/// Of people without a Chinese name.
const OTHERS: &[(Read, Read)] = &[
    (("GURUNG", "Suman"), ("GURUNG", "Bishal")),
    (("RAI", "Sunita"), ("RAI", "Dipesh")),
    (("KHAN", "Ayesha"), ("KHAN", "Imran")),
    (("SINGH", "Harpreet"), ("SINGH", "Gurdeep")),
    (("SANTOS", "Maria"), ("SANTOS", "Jose")),
    (("REYES", "Grace"), ("REYES", "Mark")),
    (("SETIAWAN", "Dewi"), ("SETIAWAN", "Budi")),
    (("NGUYEN", "Thi Hoa"), ("NGUYEN", "Van An")),
    (("MUHAMMAD", "Fatima"), ("MUHAMMAD", "Bilal")),
    (("FERNANDO", "Nimali"), ("FERNANDO", "Ruwan")),
];

/// A family's name: Chinese as a rule.
#[derive(Debug, Clone, Copy)]
pub enum Family {
    Chinese(Read),
    /// Which of those without.
    Other(usize),
}

impl Family {
    pub fn draw(dice: &mut Dice) -> Self {
        if dice.happens(20) {
            return Self::other(dice);
        }
        Self::Chinese(dice.choose(FAMILIES, ("陳", "CHAN")))
    }

    pub fn other(dice: &mut Dice) -> Self {
        let many = u32::try_from(OTHERS.len()).unwrap_or(1);
        Self::Other(usize::try_from(dice.below(many)).unwrap_or(0))
    }

    /// Somebody of this family.
    pub fn name(self, sex: Sex, dice: &mut Dice) -> Result<PersonName, NotName> {
        let (zh, en) = match self {
            Self::Other(which) => {
                let (woman, man) = OTHERS.get(which).copied().unwrap_or_default();
                let (family, given) = if sex == Sex::Female { woman } else { man };
                let second = char::from(b'A' + u8::try_from(dice.below(26)).unwrap_or(0));
                (None, Some(format!("{family} {given} {second}")))
            }
            Self::Chinese((family, read)) => {
                let (first, second) = (given(sex, dice), given(sex, dice));
                let second = if dice.happens(5) {
                    pick(RARE, dice)
                } else {
                    second
                };
                if dice.happens(60) {
                    (
                        Some(format!("{family}{}", first.0)),
                        Some(format!("{read} {}", first.1)),
                    )
                } else {
                    let zh = format!("{family}{}{}", first.0, second.0);
                    (Some(zh), Some(format!("{read} {} {}", first.1, second.1)))
                }
            }
        };
        // Who never had an English name written.
        let en = en.filter(|_| zh.is_none() || !dice.happens(5));
        let zh = zh.map(TryInto::try_into).transpose()?;
        PersonName::new(zh, en.map(TryInto::try_into).transpose()?)
    }
}

fn given(sex: Sex, dice: &mut Dice) -> Read {
    pick(if sex == Sex::Female { WOMEN } else { MEN }, dice)
}

fn pick(reads: &[Read], dice: &mut Dice) -> Read {
    let many = u32::try_from(reads.len()).unwrap_or(1);
    let which = usize::try_from(dice.below(many)).unwrap_or(0);
    reads.get(which).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::chance::Purpose;
    use super::*;

    #[test]
    fn names_are_of_every_sort() {
        let (mut no_zh, mut no_en, mut rare, mut chan) = (0, 0, 0, 0);
        for which in 0..20_000 {
            let mut dice = Dice::new(1, Purpose::Member, which);
            let family = Family::draw(&mut dice);
            let name = family.name(Sex::Female, &mut dice).unwrap();
            no_zh += i32::from(name.zh().is_none());
            no_en += i32::from(name.en().is_none());
            let zh = name.zh().map_or("", |zh| zh.reveal());
            rare += i32::from(zh.chars().any(|letter| u32::from(letter) > 0xFFFF));
            chan += i32::from(zh.starts_with('陳'));
        }
        assert!((300..500).contains(&no_zh), "{no_zh}");
        assert!((50..150).contains(&no_en), "{no_en}");
        assert!((50..150).contains(&rare), "{rare}");
        assert!((1_700..2_400).contains(&chan), "{chan}");
    }
}
