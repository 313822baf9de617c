namespace Millrace.Caching.Local;

/// <summary>Where an entry stands among those that compete for room; see <see cref="Eviction.WindowTinyLfu"/>.</summary>
internal enum EntrySection : byte
{
    /// <summary>Not in the store.</summary>
    None,

    Window,

    Probation,

    Protected,
}
