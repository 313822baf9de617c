using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Millrace.TestKit;

/// <summary>A program that a test starts, reads line by line, and ends by its process id.</summary>
public sealed partial class ChildProcess : IAsyncDisposable
{
    private const int SignalInterrupt = 2;
    private const int SignalQuit = 3;
    private const int SignalTerminate = 15;
    private const int SignalContinue = 18; // Linux' numbers
    private const int SignalStop = 19;
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);
    private static readonly ConcurrentDictionary<int, Process> Running = new();

    // A signal ends a .NET program without its ProcessExit event.
    private static readonly PosixSignalRegistration[] Ends =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, static _ => KillRunning()),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, static _ => KillRunning()),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, static _ => KillRunning()),
    ];

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Lock _lock = new(); // guards _waiters and _ended
    private readonly List<(Func<string, bool> Matches, TaskCompletionSource<string> Signal)> _waiters = [];
    private bool _ended;
    private int _id;

    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += static (_, _) => KillRunning();

    private ChildProcess(Process process) => _process = process;

    /// <summary>The operating system's number for it.</summary>
    public int Id => _id;

    /// <summary>Everything it has printed so far, standard output and standard error together, in order of arrival.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program. It ends with this process at the latest, unless this process is killed. Its output is read all the time, so that it never waits for a reader.</summary>
    /// <param name="program">A name on PATH or a path.</param>
    /// <param name="arguments">One string an argument.</param>
    /// <param name="environment">Variables to add or replace; a null value removes one.</param>
    public static ChildProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string?>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var child = new ChildProcess(process);
        process.OutputDataReceived += (_, line) => child.Received(line.Data);
        process.ErrorDataReceived += (_, line) => child.Received(line.Data);
        process.Exited += (_, _) => child.Ended();
        process.Start();
        child._id = process.Id;
        Running[child._id] = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>The first line, printed already or from now on, that <paramref name="matches"/> accepts.</summary>
    /// <exception cref="InvalidOperationException">The program ended without printing one; the message holds its last lines.</exception>
    public Task<string> WaitForLineAsync(Func<string, bool> matches, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (_lines.FirstOrDefault(matches) is { } line)
            {
                return Task.FromResult(line);
            }

            if (_ended)
            {
                return Task.FromException<string>(EndedWithoutLine());
            }

            var signal = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((matches, signal));
            return signal.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Waits until it ends by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken = default)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Ends it at once, as a crash would (kill -9).</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Stops it in its tracks (SIGSTOP): it keeps its connections and answers nothing. Returns when it stands still, or
    /// has ended.</summary>
    public async Task SuspendAsync()
    {
        Send(SignalStop);
        await Poll.UntilAsync(
            async () => _process.HasExited || (await File.ReadAllTextAsync($"/proc/{Id}/stat")).Split(") ")[^1].StartsWith('T') ? null : "it still runs",
            $"{_process.StartInfo.FileName} stands still");
    }

    /// <summary>Lets it go on after <see cref="SuspendAsync" />.</summary>
    public void Resume() => Send(SignalContinue);

    /// <summary>Asks it to end with SIGTERM, as a service supervisor does, and waits.</summary>
    /// <returns>Its exit code.</returns>
    /// <exception cref="TimeoutException">It did not end within a minute; it has been killed.</exception>
    public Task<int> TerminateAsync() => SignalAsync(SignalTerminate);

    /// <summary>Asks it to end with SIGINT, as Ctrl-C does, and waits.</summary>
    /// <inheritdoc cref="TerminateAsync" />
    public Task<int> InterruptAsync() => SignalAsync(SignalInterrupt);

    /// <summary>Asks it to end with SIGQUIT, and waits.</summary>
    /// <inheritdoc cref="TerminateAsync" />
    public Task<int> QuitAsync() => SignalAsync(SignalQuit);

    /// <summary>Ends it if it still runs: SIGTERM first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await TerminateAsync();
        }

        Running.TryRemove(KeyValuePair.Create(Id, _process));
        _process.Dispose();
    }

    /// <summary>What tests that were cut short have left running.</summary>
    private static void KillRunning()
    {
        foreach (var process in Running.Values)
        {
            try
            {
                process.Kill();
            }
            catch (InvalidOperationException)
            {
                // Ended or disposed meanwhile, which is what is wanted.
            }
        }
    }

    private void Send(int signal)
    {
        if (Kill(Id, signal) != 0 && !_process.HasExited)
        {
            throw new InvalidOperationException($"kill({Id}, {signal}) failed with error {Marshal.GetLastPInvokeError()}.");
        }
    }

    private async Task<int> SignalAsync(int signal)
    {
        Send(signal);
        using var limit = new CancellationTokenSource(StopLimit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException cancelled)
        {
            await KillAsync();
            throw new TimeoutException($"{_process.StartInfo.FileName} did not end within {StopLimit.TotalSeconds} s of signal {signal}:\n{LastLines()}", cancelled);
        }
    }

    private void Received(string? line)
    {
        if (line is null)
        {
            return;
        }

        List<TaskCompletionSource<string>> satisfied = [];
        lock (_lock)
        {
            _lines.Enqueue(line);
            for (var i = _waiters.Count - 1; i >= 0; i--)
            {
                if (_waiters[i].Matches(line))
                {
                    satisfied.Add(_waiters[i].Signal);
                    _waiters.RemoveAt(i);
                }
            }
        }

        satisfied.ForEach(signal => signal.TrySetResult(line));
    }

    private void Ended()
    {
        // Waits for the readers, so that the last lines are there before the end is told.
        _process.WaitForExit();
        List<TaskCompletionSource<string>> waiting;
        lock (_lock)
        {
            _ended = true;
            waiting = [.. _waiters.Select(static waiter => waiter.Signal)];
            _waiters.Clear();
        }

        waiting.ForEach(signal => signal.TrySetException(EndedWithoutLine()));
    }

    private InvalidOperationException EndedWithoutLine() =>
        new($"{_process.StartInfo.FileName} ended with code {_process.ExitCode} before it printed what was waited for:\n{LastLines()}");

    private string LastLines() => string.Join('\n', _lines.TakeLast(40));

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
