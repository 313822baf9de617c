using Millrace.Jobs.Working;

namespace Millrace.Jobs.Tests.Working;

public sealed class StartQueueTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task An_attempt_that_blocks_its_thread_delays_nobody()
    {
        var (others, all) = (new CountdownEvent(3), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var queue = new StartQueue<int>(number =>
        {
            if (number == 0)
            {
                if (others.Wait(Limit, CancellationToken.None))
                {
                    all.SetResult();
                }

                return;
            }

            others.Signal();
        });

        for (var number = 0; number < 4; number++)
        {
            queue.Add(number);
        }

        queue.Begin();
        await all.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Everything_added_by_many_threads_is_begun_once()
    {
        const int Each = 10_000;
        var begun = new int[4 * Each];
        var (left, all) = (begun.Length, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var queue = new StartQueue<int>(number =>
        {
            Interlocked.Increment(ref begun[number]);
            if (Interlocked.Decrement(ref left) == 0)
            {
                all.SetResult();
            }
        });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(part => Task.Run(
            () =>
            {
                for (var i = 0; i < Each; i++)
                {
                    queue.Add((part * Each) + i);
                    queue.Begin();
                }
            },
            TestContext.Current.CancellationToken)));
        await all.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);

        Assert.All(begun, static count => Assert.Equal(1, count));
    }
}
