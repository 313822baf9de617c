using System.Globalization;

namespace Millrace.Jobs.CrashLab;

/// <summary>Enqueues numbered jobs, each again and again until the store says that it has it.</summary>
internal sealed class Producer(JobClient client)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>The jobs from the first to the last number into the default queue, four at a time.</summary>
    public Task EnqueueAsync(int first, int last, int milliseconds) => Parallel.ForEachAsync(
        Enumerable.Range(first, last - first + 1),
        new ParallelOptions { MaxDegreeOfParallelism = 4 },
        async (number, cancellationToken) => await EnqueueAsync($"job-{number.ToString("0000", CultureInfo.InvariantCulture)}", new CrashJob(number, milliseconds), static _ => { }, cancellationToken));

    /// <summary>About fifty a second into several queues, some delayed, some slow, a few longer than the lease; until cancelled.</summary>
    public async Task ProduceAsync(string name, int first, CancellationToken cancellationToken)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        for (var number = first; await pace.WaitForNextTickAsync(cancellationToken); number++)
        {
            var job = new CrashJob(number, number % 97 == 0 ? 3_000 : number % 11 == 0 ? 200 : 0);
            if (number % 10 == 0)
            {
                await EnqueueFlowAsync(name, job, cancellationToken);
                continue;
            }

            await EnqueueAsync(
                $"{name}-{number.ToString("000000", CultureInfo.InvariantCulture)}",
                job,
                options =>
                {
                    options.Queue(Queues[number % Queues.Length]).Priority(number % 3);
                    if (number % 5 == 0)
                    {
                        options.Delay(TimeSpan.FromMilliseconds(300));
                    }
                },
                cancellationToken);
        }
    }

    /// <summary>The queues beside the default one.</summary>
    public static string[] Queues { get; } = ["a", "b", "c"];

    /// <summary>Two jobs of different queues, one that runs when both have ended, and one that runs when one fails.</summary>
    private async Task EnqueueFlowAsync(string name, CrashJob job, CancellationToken cancellationToken)
    {
        var flow = new JobFlow();
        JobFlowStep[] first = [Add("left", 0), Add("right", 1)];
        Add("after", 2).After(first).When(JobCondition.AllEnded);
        Add("failed", 1).After(first).When(JobCondition.AnyFailed);
        await RepeatAsync(() => client.EnqueueFlowAsync(flow, cancellationToken).AsTask(), flow.Steps.Select(static step => step.Id), cancellationToken);

        JobFlowStep Add(string part, int queue) => flow.Add(
            job, options => options.Id($"{name}.{part}-{job.Number.ToString("000000", CultureInfo.InvariantCulture)}").MaxAttempts(100).Queue(Queues[(job.Number + queue) % Queues.Length]));
    }

    private Task EnqueueAsync(string id, CrashJob job, Action<EnqueueOptions> configure, CancellationToken cancellationToken) => RepeatAsync(
        () => client.EnqueueAsync(
            job,
            options =>
            {
                options.Id(id).MaxAttempts(100);
                configure(options);
            },
            cancellationToken).AsTask(),
        [id],
        cancellationToken);

    private static async Task RepeatAsync(Func<Task> enqueue, IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await enqueue();
                foreach (var id in ids)
                {
                    Lines.Print($"ack {id}");
                }

                return;
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(Pause, TimeProvider.System, cancellationToken); // the store is away; the same ids once more add nothing
            }
        }
    }
}
