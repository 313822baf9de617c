namespace Township.Modules.Projects;

/// <summary>Where a task stands, as stored and as sent.</summary>
internal static class WorkStatus
{
    public const string ToDo = "todo";
    public const string Doing = "doing";
    public const string Done = "done";

    public static readonly string[] All = [ToDo, Doing, Done];

    public static string Label(string status) => status switch
    {
        ToDo => "To do",
        Doing => "Doing",
        _ => "Done",
    };
}
