namespace Millrace.Caching.WriteBehind.Flushing;

/// <summary>Whether something is out of order, told once when it begins and once when it ends.</summary>
internal sealed class Outage(Action<Exception> began, Action ended)
{
    private int _isOn;

    public bool IsOn => Volatile.Read(ref _isOn) != 0;

    public void Begin(Exception error)
    {
        if (Interlocked.Exchange(ref _isOn, 1) == 0)
        {
            began(error);
        }
    }

    public void End()
    {
        if (IsOn && Interlocked.Exchange(ref _isOn, 0) == 1)
        {
            ended();
        }
    }
}
