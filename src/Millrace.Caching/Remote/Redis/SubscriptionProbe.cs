namespace Millrace.Caching.Remote.Redis;

/// <summary>A word that a node sends to itself through its subscription: only who hears it knows that the subscription is alive. Thread-safe.</summary>
internal sealed class SubscriptionProbe
{
    private readonly TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The word.</summary>
    public string Text { get; } = $"probe {Guid.NewGuid():N}";

    /// <summary>Ends when it was heard.</summary>
    public Task Heard => _heard.Task;

    /// <summary>Something was heard.</summary>
    /// <returns>Whether it was the word.</returns>
    public bool TryHear(string text) => text == Text && (_heard.TrySetResult() || true);
}
