//! The kinds of caller, by the work they do.

use super::choice::choice;

choice! {
    /// A role: what its holder may do is in the access table, which rows is a matter of
    /// posting, household or assignment.
    pub enum Role {
        /// Estate office staff (屋邨主任).
        EstateOfficer = "estate_officer",
        /// Head of an estate office (屋邨經理).
        EstateManager = "estate_manager",
        /// Rent accounts, payments and rules (財務).
        FinanceOfficer = "finance_officer",
        /// Works orders and inspections (保養維修).
        MaintenanceOfficer = "maintenance_officer",
        /// Reads everything about money and the trail, changes nothing (審計).
        Auditor = "auditor",
        /// Staff accounts, devices and clients; no tenant's data.
        Administrator = "administrator",
        /// Data access requests, corrections, erasure (個人資料保障).
        PrivacyOfficer = "privacy_officer",
        /// The tenant or an authorised member, of the own household (租戶).
        Tenant = "tenant",
        /// Who acts for a household with its leave: a carer, a social worker.
        Delegate = "delegate",
        /// A kiosk in an estate (查租易).
        Kiosk = "kiosk",
        /// The telephone system's gateway.
        IvrGateway = "ivr_gateway",
        /// An officer's handheld.
        Handheld = "handheld",
        /// A works contractor (承辦商).
        Contractor = "contractor",
        /// A bank, store or other payment channel.
        PaymentChannel = "payment_channel",
    }
}
