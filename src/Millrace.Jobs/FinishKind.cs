namespace Millrace.Jobs;

/// <summary>How a claimed job leaves its worker.</summary>
public enum FinishKind
{
    /// <summary>The handler returned: the job becomes completed, with <see cref="JobFinish.Result"/>.</summary>
    Completed = 0,

    /// <summary>The attempt failed and another follows: scheduled after <see cref="JobFinish.Delay"/>, with <see cref="JobFinish.Error"/>.</summary>
    Retry = 1,

    /// <summary>The attempt failed and none follows: dead, with <see cref="JobFinish.Error"/>.</summary>
    Dead = 2,

    /// <summary>The handler asked to be run again later: scheduled after <see cref="JobFinish.Delay"/>; the attempt does not count.</summary>
    Snoozed = 3,

    /// <summary>The job was cancelled.</summary>
    Cancelled = 4,

    /// <summary>The worker stops before the attempt has ended: waiting again at its old place; the attempt does not count.</summary>
    Released = 5,
}
