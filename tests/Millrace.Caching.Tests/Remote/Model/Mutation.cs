namespace Millrace.Caching.Tests.Remote.Model;

/// <summary>A rule that is broken on purpose, to see that the model notices.</summary>
public enum Mutation
{
    None,

    /// <summary>No stale set (rule 4): what a broken lease refuses is stored all the same.</summary>
    StaleSet,

    /// <summary>No stale fill (rule 5): a push takes the copy, and leaves the mark of a read that is on its way.</summary>
    StaleFill,

    /// <summary>A lost connection ends trust (rule 6): it does not.</summary>
    TrustKept,

    /// <summary>What an answer shows takes effect before it is yielded, though its word is late: it does not, and the copy stays.</summary>
    WordsAwaited,
}
