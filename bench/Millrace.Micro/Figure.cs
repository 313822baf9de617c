namespace Millrace.Micro;

/// <summary>A named measurement.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="Description">One line of the list.</param>
/// <param name="RunAsync">Measures and gives the line of JSON.</param>
internal sealed record Figure(string Name, string Description, Func<MicroOptions, Task<FigureLine>> RunAsync);
