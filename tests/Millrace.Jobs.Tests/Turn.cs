namespace Millrace.Jobs.Tests;

/// <summary>Lets the other threads work for a moment, where a test drives a clock that nobody may be waiting for yet. Never decides a test.</summary>
internal static class Turn
{
    public static Task NextAsync() => Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);

    public static async Task UntilAsync(Func<bool> condition)
    {
        for (var turn = 0; !condition(); turn++)
        {
            Assert.True(turn < 30_000, "What the test waits for did not happen.");
            await NextAsync();
        }
    }
}
