namespace Township.Platform.Forms;

/// <summary>How what a resident asked for ended.</summary>
internal enum OutcomeStatus
{
    Done,

    /// <summary>What was asked for was so already; nothing was written.</summary>
    Unchanged,
    NotFound,
    Forbidden,
    Invalid,
}
