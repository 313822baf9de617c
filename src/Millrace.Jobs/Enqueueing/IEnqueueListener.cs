namespace Millrace.Jobs.Enqueueing;

/// <summary>Hears of every job that this process adds to the store. An application has none; the testing helpers are one.</summary>
internal interface IEnqueueListener
{
    /// <summary>A client has stored these; its caller waits for this to complete, and gets what it throws.</summary>
    ValueTask EnqueuedAsync(IReadOnlyList<NewJob> jobs);

    /// <summary>A schedule has fired.</summary>
    void Fired(NewJob job);
}
