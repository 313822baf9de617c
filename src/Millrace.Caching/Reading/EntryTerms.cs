namespace Millrace.Caching.Reading;

/// <summary>The terms of one entry, after code, call and configuration have had their say.</summary>
internal readonly record struct EntryTerms(TimeSpan Lifetime, TimeSpan? Sliding, double Jitter, bool Immutable);
