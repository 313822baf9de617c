using Millrace.Caching.FailSafe;

namespace Millrace.Caching.Reading;

/// <summary>The terms of one entry, after code, call and configuration have had their say.</summary>
/// <param name="Lifetime">How long it lives.</param>
/// <param name="Local">How long its copy in this process lives at most; null: as long as the entry.</param>
/// <param name="Sliding">After how long without a read it expires; null: reading has no influence.</param>
/// <param name="Jitter">The share of the lifetime that chance may take away.</param>
/// <param name="Immutable">Whether readers may share the value.</param>
/// <param name="Source">What holds for a source that fails, is slow, or has nothing.</param>
internal readonly record struct EntryTerms(TimeSpan Lifetime, TimeSpan? Local, TimeSpan? Sliding, double Jitter, bool Immutable, SourceTerms Source);
