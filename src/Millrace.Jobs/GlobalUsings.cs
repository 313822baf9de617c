global using Millrace.Jobs.Enqueueing;
