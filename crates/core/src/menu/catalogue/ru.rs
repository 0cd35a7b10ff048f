//! Russian.

use super::{Counted, Forms, Text};

pub(super) fn text(text: Text) -> &'static str {
    match text {
        Text::ChooseSession => "Какой сеанс открыть?",
        Text::NumberMissing => "Сеанса {number} нет. Что сделать вместо этого?",
        Text::NewSession => "Новый сеанс",
        Text::FreshStart => "Без сеанса: изменения пропадут при выключении",
        Text::Name => "Имя",
        Text::Version => "Версия",
        Text::Edition => "Редакция",
        Text::Mode => "Режим",
        Text::Union => "Union",
        Text::LastUsed => "Использован",
        Text::InUse => "Занято",
        Text::Limit => "Предел",
        Text::Unknown => "неизвестно",
        Text::Default => "по умолчанию",
        Text::LastFailed => "не открылся в прошлый раз",
        Text::NotComeUp => "в последний раз не запустился",
        Text::Misfit => "из другой системы",
        Text::Free => "Свободно: {size}",
        Text::ResumeIn => "Сеанс {number} продолжится через {seconds} с",
        Text::NewIn => "Новый сеанс начнётся через {seconds} с",
        Text::FreshIn => "Запуск без сеанса через {seconds} с",
        Text::AnyKey => "любая клавиша остановит",
        Text::Typed => "Номер: {number}",
        Text::NoSuchSession => "Сеанса {number} нет",
        Text::SessionHelp => "Стрелки или номер: выбор  Enter: открыть  n: новый  f: без",
        Text::MisfitTitle => "Сеанс {number} не подходит к этой системе",
        Text::ThisSystem => "Эта система",
        Text::TheSession => "Сеанс",
        Text::AtRisk => "Он может работать плохо или не работать. Записанная версия сохранится.",
        Text::OtherUnion => {
            "{runs} не может его открыть. Загрузитесь с union={stored} и ядром, где он есть."
        }
        Text::OtherMode => "Эта система не может открывать сеансы в режиме {mode}.",
        Text::CannotOpen => "Его нельзя открыть в этой системе.",
        Text::OpenAtRisk => "Открыть на свой страх и риск",
        Text::Back => "Назад к списку",
        Text::ConfirmHelp => "Стрелки: выбор  Enter: принять  Esc: назад",
        Text::ChooseStore => "На каком диске хранить сеансы?",
        Text::ChooseSource => "На каком диске находится система?",
        Text::Directory => "Каталог: /{dir}",
        Text::Device => "Устройство",
        Text::Size => "Размер",
        Text::FileSystem => "Файловая система",
        Text::Label => "Метка",
        Text::NoDisk => "Подходящих дисков пока нет. Подключённый появится здесь.",
        Text::LeftOut => "Непригодны: {list}",
        Text::DiskHelp => "Стрелки: выбор  Enter: взять  Esc: ни один",
        Text::NoneTitle => "Не использовать ни один из этих дисков?",
        Text::NoneStore => "Изменения тогда пропадут при выключении.",
        Text::NoneSource => "Тогда система ищется на всех дисках.",
        Text::NoneYes => "Не использовать ни один",
        Text::NoneIn => "Продолжение без диска через {seconds} с",
    }
}

pub(super) fn forms(counted: Counted) -> Forms {
    match counted {
        Counted::Days => Forms {
            one: "{n} день назад",
            few: "{n} дня назад",
            many: "{n} дней назад",
        },
        Counted::Hours => Forms {
            one: "{n} час назад",
            few: "{n} часа назад",
            many: "{n} часов назад",
        },
        Counted::Minutes => Forms {
            one: "{n} минуту назад",
            few: "{n} минуты назад",
            many: "{n} минут назад",
        },
        Counted::Seconds => Forms {
            one: "{n} секунду назад",
            few: "{n} секунды назад",
            many: "{n} секунд назад",
        },
    }
}
