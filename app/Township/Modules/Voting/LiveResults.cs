using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Millrace.Realtime;

namespace Township.Modules.Voting;

/// <summary>
/// Pushes results to those who watch a question. The first change goes out at once; what comes within the pause that follows
/// goes out as one message at its end, so a burst of votes costs one count and one push per pause, and the last word is always
/// sent. A question is pushed by one loop at a time.
/// </summary>
internal sealed class LiveResults(
    IServiceProvider services, ChannelClient channels, TimeProvider time, IOptions<VotingSettings> settings, ILogger<LiveResults> logger)
    : BackgroundService
{
    private readonly ConcurrentDictionary<string, Push> _pushes = new();
    private CancellationToken _stopping;

    /// <summary>Says that a question's results have changed and the cache no longer holds the old ones. Returns at once.</summary>
    public void Changed(string questionId)
    {
        while (true)
        {
            var push = _pushes.GetOrAdd(questionId, static id => new Push(id));
            switch (push.Mark())
            {
                case Marked.Running:
                    return;
                case Marked.Started:
                    push.Loop = RunAsync(push);
                    return;
                case Marked.Ended:
                    _pushes.TryRemove(KeyValuePair.Create(questionId, push)); // its loop is leaving: begin another
                    break;
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _stopping = stoppingToken;
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stoppingToken.Register(() => stopped.TrySetResult());
        await stopped.Task;
        await Task.WhenAll(_pushes.Values.Select(static push => push.Loop));
    }

    private async Task RunAsync(Push push)
    {
        await Task.Yield();
        try
        {
            while (push.Take())
            {
                await PublishAsync(push.QuestionId);
                await Task.Delay(settings.Value.PushInterval, time, _stopping);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            push.End();
        }

        _pushes.TryRemove(KeyValuePair.Create(push.QuestionId, push));
    }

    private async Task PublishAsync(string questionId)
    {
        try
        {
            var reads = services.GetRequiredService<VotingReads>();
            if (await reads.FindAsync(questionId, _stopping) is { } question)
            {
                var results = await reads.ResultsAsync(question, _stopping);
                await channels.PublishAsync(VotingChannels.Name(questionId), results, _stopping);
            }
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            VotingLog.PushFailed(logger, exception, questionId);
        }
    }

    private enum Marked
    {
        Started,
        Running,
        Ended,
    }

    private sealed class Push(string questionId)
    {
        private readonly Lock _lock = new(); // guards the three flags
        private bool _dirty;
        private bool _started;
        private bool _ended;

        public string QuestionId => questionId;

        public Task Loop { get; set; } = Task.CompletedTask;

        public Marked Mark()
        {
            lock (_lock)
            {
                if (_ended)
                {
                    return Marked.Ended;
                }

                _dirty = true;
                if (_started)
                {
                    return Marked.Running;
                }

                _started = true;
                return Marked.Started;
            }
        }

        /// <summary>Takes the wish to push; with none, the loop ends here and now.</summary>
        public bool Take()
        {
            lock (_lock)
            {
                if (!_dirty)
                {
                    _ended = true;
                    return false;
                }

                _dirty = false;
                return true;
            }
        }

        public void End()
        {
            lock (_lock)
            {
                _ended = true;
            }
        }
    }
}
