"""What must hold of anything that answers as SageMaker's tuning and training jobs do: tests against an endpoint.

`pytest --pyargs hptsim.conformance --endpoint URL` runs them against a server: that of `hptsim serve`, moto's, or another.
Each test names the rows of the specification that it rests on, and prints them where it fails. Time passes as the endpoint
lets it pass: a test asks again and again, and gives up after `--patience` seconds.
"""
