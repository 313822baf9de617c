namespace Township.Modules.Organisations;

/// <summary>What a resident is in an organisation. Stored in lower case.</summary>
internal enum MemberRole
{
    /// <summary>Sees what is private, creates projects, works on tasks.</summary>
    Member,

    /// <summary>Also edits the organisation and says who belongs to it. At least one stays.</summary>
    Manager,
}
