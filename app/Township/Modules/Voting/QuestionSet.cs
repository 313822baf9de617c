namespace Township.Modules.Voting;

/// <summary>Which questions a list shows.</summary>
internal enum QuestionSet
{
    /// <summary>Can be voted on now; ending soonest first.</summary>
    Open,

    /// <summary>Decided; latest first.</summary>
    Closed,

    /// <summary>Open ones by the votes of the last seven days.</summary>
    Trending,
}
