namespace Millrace.TestKit.Jobs;

/// <summary>How a call to a <see cref="FaultingJobStore"/> fails.</summary>
public enum StoreFault
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>Before the store has done anything.</summary>
    Before = 1,

    /// <summary>After the store has done everything: the answer is lost.</summary>
    After = 2,

    /// <summary>It neither answers nor ends until its token is cancelled.</summary>
    Hang = 3,

    /// <summary>It does not answer until its token is cancelled, and then fails.</summary>
    HangThenFail = 4,

    /// <summary>It does not begin until its token is cancelled, and then does everything.</summary>
    HangThenAnswer = 5,
}
